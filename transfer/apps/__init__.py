"""Programs around the core: they may import anything, and nothing imports them."""
