"""How the microscope shows numbers: `colours` makes images of arrays, `bar_chart` and `text_table` do what they say."""
