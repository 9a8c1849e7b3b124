// Package onlineretail holds the UCI Online Retail data, so that the demo works wherever the program is.
package onlineretail

import _ "embed"

// Transactions is transactions.csv.gz.
//
//go:embed transactions.csv.gz
var Transactions []byte
