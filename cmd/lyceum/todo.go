package main

import "errors"

func demo([]string) error  { return errors.New("demo") }
func bench([]string) error { return errors.New("bench") }
