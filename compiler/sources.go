package compiler

func (c *compilation) readSources() {}
