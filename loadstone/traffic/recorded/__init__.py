"""What recordings tell when they are compared: values that change, where they come from, and a journey of it all."""
