"""How the microscope shows numbers: as images (`colours`), as bars (`bar_chart`) and as text (`text_table`)."""
