std = "luajit"
max_line_length = 130
files["test"] = { std = "+busted" }
