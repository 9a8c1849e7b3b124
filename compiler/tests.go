package compiler

func (c *compilation) readTests() {}
