"""Pure statistics of the gate: arrays in, values out. Undefined is a value with a reason, never NaN."""
