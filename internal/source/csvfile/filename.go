package csvfile

import (
	"path"
	"strings"
	"unicode"
)

// uninformative words in file names tell nothing about the coin.
var uninformative = wordSet("price prices data dataset history historical daily hourly market markets marketdata " +
	"crypto cryptocurrency max min ohlc ohlcv candles day days week month year hour minute d h m w y v " +
	"kaggle yahoo finance cdd cryptodatadownload bitstamp coinbase kraken gemini bitfinex investing com " +
	"coinmarketcap cmc coingecko messari srk export exported download downloaded csv null nulls all full close closes " +
	"quote quotes value values trades table sheet report output input result results test sample example tmp temp " +
	"new old copy file my the to from of in and on for final clean cleaned raw usd")

// maxWords is how many words the name of a coin has at most; more are a description.
const maxWords = 3

// maxTicker is up to which length a single lower-case word is rather a ticker than a name.
const maxTicker = 4

// fromFileName reads the coin from the name of the file, as exporters name their files: a pair
// ("BTC-USD", "bitstamp_btcusd_d"), or else what is left without words such as "historical". The
// quote is the pair's, empty without one. A name that tells nothing gives the zero identity.
func fromFileName(file string) (id identity, quote string) {
	words := strings.FieldsFunc(withoutOrder(path.Base(file)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	if base, quote := findPair(words); quote != "" {
		if len(base) > minBase+2 && base == strings.ToLower(base) {
			return named(title(base)), quote // bitcoin-usd
		}
		return withSymbol(strings.ToUpper(base)), quote
	}
	telling, named := tellingWords(words)
	return identityOf(telling, named), ""
}

// withoutOrder cuts the ending and a declared order of day and month.
func withoutOrder(file string) string {
	if order := declaredOrder(file); order != orderUnknown {
		file = withoutExt(file)
	}
	return withoutExt(file)
}

func findPair(words []string) (base, quote string) {
	for i, word := range words {
		if i+1 < len(words) && quotes[strings.ToUpper(words[i+1])] && isBase(word) {
			return word, strings.ToUpper(words[i+1])
		}
		// Mixed case is a name: TrueUSD.
		oneCase := word == strings.ToLower(word) || word == strings.ToUpper(word)
		if base, quote := splitJoined(word); quote != "" && oneCase && isBase(word) {
			return base, quote
		}
	}
	return "", ""
}

// isBase tells whether the word may be a coin: it has a letter and is not one of the usual words.
func isBase(word string) bool {
	return isTelling(word) && !strings.EqualFold(word, "coin")
}

func isTelling(word string) bool {
	bare := strings.Trim(strings.ToLower(word), "0123456789")
	return bare != "" && !uninformative[bare]
}

// tellingWords are the words that may name the coin; named is true where the others say that it
// is its name and not a ticker ("bitcoin_price", "coin_Bitcoin", "Bitcoin Historical Data").
func tellingWords(words []string) (telling []string, named bool) {
	for _, word := range words {
		switch lower := strings.ToLower(word); {
		case isTelling(word):
			telling = append(telling, word)
		case lower == "price" || lower == "historical":
			named = true
		}
	}
	if len(telling) > 1 && strings.EqualFold(telling[0], "coin") {
		return telling[1:], true
	}
	return telling, named
}

func identityOf(words []string, isName bool) identity {
	switch {
	case len(words) == 0 || len(words) > maxWords || len(words) == 1 && strings.EqualFold(words[0], "coin"):
		return identity{}
	case len(words) > 1:
		return named(title(strings.Join(words, " ")))
	}
	word := words[0]
	if word == strings.ToUpper(word) || !isName && len(word) <= maxTicker && word == strings.ToLower(word) {
		return withSymbol(strings.ToUpper(word))
	}
	return named(title(word))
}

// title gives words without any capital a capital first letter.
func title(words string) string {
	if words != strings.ToLower(words) {
		return words
	}
	start := true
	return strings.Map(func(r rune) rune {
		if start {
			r = unicode.ToUpper(r)
		}
		start = r == ' '
		return r
	}, words)
}
