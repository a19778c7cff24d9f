"""The kernel: model, evidence, events, errors and ports that every part of the workcell shares."""
