"""Where delivered exports lie, as a reader sees it: directories, buckets, servers."""
