-- Evaluates an expression in an instance and prints its value: tarantool ask.lua PORT EXPRESSION
local connection = require('net.box').connect('127.0.0.1:' .. arg[1])
print(require('json').encode(connection:eval(arg[2])))
os.exit(0)
