"""The routes of the API, by what they are about; each checks who asks before it looks at anything."""
