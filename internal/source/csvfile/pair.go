package csvfile

import "strings"

// usd is the only quote that is read, since prices are US dollars.
const usd = "USD"

// quotes are what coins are commonly priced in, beside dollars.
var quotes = wordSet("USD EUR GBP JPY KRW AUD CAD CHF CNY INR BRL RUB TRY UAH PLN SGD HKD MXN " +
	"USDT USDC BUSD TUSD FDUSD DAI BTC XBT ETH BNB")

// joinedQuotes are those looked for at the end of names such as BTCUSD, the longer ones first:
// a price in FDUSD must not be taken for one in dollars.
var joinedQuotes = []string{"FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USD", "EUR", "GBP", "JPY", "KRW", "BTC", "ETH"}

// minBase is the least length of a base in a joined pair, so that coins like BUSD and WBTC stay.
const minBase = 3

// splitPair cuts BTC/USD, BTC-USD and BTC_USD; with joined also BTCUSD. What is no pair comes
// back as the base, with an empty quote.
func splitPair(symbol string, joined bool) (base, quote string) {
	if i := strings.LastIndexAny(symbol, "/-_"); i > 0 && i < len(symbol)-1 {
		quote = strings.ToUpper(symbol[i+1:])
		// Some coins have a dash in their symbol; a slash always divides a pair.
		if quotes[quote] || symbol[i] == '/' {
			return symbol[:i], quote
		}
	}
	if joined {
		return splitJoined(symbol)
	}
	return symbol, ""
}

func splitJoined(symbol string) (base, quote string) {
	upper := strings.ToUpper(symbol)
	for _, quote := range joinedQuotes {
		if n := len(symbol) - len(quote); n >= minBase && strings.HasSuffix(upper, quote) {
			return symbol[:n], quote
		}
	}
	return symbol, ""
}

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}
