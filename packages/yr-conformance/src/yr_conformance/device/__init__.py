"""What the chapter about device calls needs: processes on NPUs, and clauses that need them."""
