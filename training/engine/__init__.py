"""DeepSpeed behind a small class: one optimizer step at a time, gradients as the sum over the whole global batch."""
