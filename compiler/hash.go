package compiler

func (c *compilation) hash() {}
