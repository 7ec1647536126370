// Command shuniu is the whole hub in one program: the server, its sandboxed
// worker, and a full client on the command line. This package holds flags and
// wiring only; what the commands do lives in the rooms they name.
package main
