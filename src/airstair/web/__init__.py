"""Pages, by place in the product."""
