"""Settings of the installation and policies of the business."""
