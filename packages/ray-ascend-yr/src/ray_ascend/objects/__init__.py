"""What a transfer is about, whatever the device: metadata, patience, and the seam to a device."""
