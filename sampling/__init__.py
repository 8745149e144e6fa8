"""What is fixed before anyone answers: frames, allocation, rounding, selection, precision, fieldwork."""
