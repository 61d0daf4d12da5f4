"""Use cases of files: hand one in, read it, name it in a form, complete an opening."""
