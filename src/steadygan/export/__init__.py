"""Exports of a run's generator: ONNX, ``torch.export`` programs, safetensors, and folders for the Hugging Face Hub."""
