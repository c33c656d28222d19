package market

import "strings"

// Amount is an exact number as the store holds it, as text: no exponent, no trailing zeros, of any length. Empty is null.
// Reading it as a number costs more than all else about a row, and those who read the API want the text.
type Amount string

// NewAmount makes the canonical text of a plain decimal number, "1.50" say. It copies nothing.
func NewAmount(text string) Amount {
	if strings.IndexByte(text, '.') >= 0 {
		text = strings.TrimRight(text, "0")
		text = strings.TrimSuffix(text, ".")
	}
	if text == "-0" {
		text = "0"
	}
	return Amount(text)
}

// Valid tells whether there is an amount.
func (a Amount) Valid() bool { return a != "" }

// Null is the text, nil where there is none.
func (a Amount) Null() *string {
	if a == "" {
		return nil
	}
	text := string(a)
	return &text
}

// String is the text.
func (a Amount) String() string { return string(a) }

// Amounts are the Figures of a record that is stored.
type Amounts struct {
	PriceUSD          Amount // never null
	OpenUSD           Amount
	HighUSD           Amount
	LowUSD            Amount
	MarketCapUSD      Amount
	Volume24hUSD      Amount
	PercentChange1h   Amount
	PercentChange24h  Amount
	PercentChange7d   Amount
	Rank              *int32
	CirculatingSupply Amount
	TotalSupply       Amount
	MaxSupply         Amount
}
