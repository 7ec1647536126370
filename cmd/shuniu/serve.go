package main

type serveCommand struct{}
