// Package storage keeps everything that Muster knows of members in one bbolt file.
package storage
