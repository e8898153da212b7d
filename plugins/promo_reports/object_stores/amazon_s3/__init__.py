"""Amazon S3, and servers with its protocol."""
