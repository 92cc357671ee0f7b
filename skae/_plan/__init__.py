"""What is trained, as frozen values: layers, a network of them, its objective. No arithmetic."""
