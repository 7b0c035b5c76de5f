"""Whether the leads that are scored now are still those that the model was trained for, and its promises still kept."""
