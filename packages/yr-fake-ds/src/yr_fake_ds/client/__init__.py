"""The client layer: what the SDK's classes call, from checked arguments to messages."""
