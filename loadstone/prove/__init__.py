"""Two sides under the same load: which is better, by how much, how sure, and for the stated reason."""
