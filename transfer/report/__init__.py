"""Web pages about results: one file each, which needs no network and loads nothing from elsewhere.

Read `page` (one run) and `grid` (all runs of a batch), then what they are put together from: `settings` (tables of a
record), `losses` (the table and legend of the plot), `plot` with `axis` and `colors` (losses against steps, as SVG),
`embed` (images as text) and `markup` (HTML that escapes whatever it is given). `style.css` and `slider.js` go into the
pages as they are.
"""
