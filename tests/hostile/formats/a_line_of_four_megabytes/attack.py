_long = "@LONG@"
