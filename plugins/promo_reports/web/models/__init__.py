"""What the API takes and answers: one model for each shape, from which its OpenAPI description is made."""
