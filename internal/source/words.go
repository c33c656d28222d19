package source

import (
	"strings"
	"unicode"
)

// word is a word of a name.
type word struct {
	text    string // lower case
	weight  float64
	known   bool // it is one of the words below, and so no misspelling of another of them
	telling bool // a name with it and one without are of different things
	exact   bool // no other word is a misspelling of it
}

// Weights of words.
const (
	usualWord  = 1
	weakWord   = 0.3
	otherWord  = 1.5 // a word that is not known may mean anything
	withinPath = 0.3 // the last part of a path says most of what it is
)

// vocabulary are the words in which market data is usually described.
var vocabulary = func() map[string]word {
	all := map[string]word{}
	add := func(like word, texts string) {
		like.known = true
		for text := range strings.FieldsSeq(texts) {
			like.text = text
			all[text] = like
		}
	}
	add(word{weight: weakWord}, "last current latest now value data quote quotes the in of at currency")
	add(word{weight: weakWord, exact: true}, "usd")
	add(word{weight: usualWord}, "price market symbol ticker name slug id coin asset crypto unix day snapped observed updated trade")
	add(word{weight: usualWord, telling: true}, "open opening high low close closing change percent percentage rank total max min "+
		"circulating available cap capitalization mktcap volume vol supply date time datetime timestamp ath atl adj adjusted "+
		"average median count year month week hour vs")
	add(word{weight: usualWord, telling: true, exact: true}, "eur gbp jpy krw aud cad chf cny inr brl rub try uah pln sgd hkd mxn "+
		"usdt usdc busd tusd fdusd dai btc xbt eth bnb xrp sol ltc")
	return all
}()

// wordsOf cuts a name into its words: at separators, at capitals (currentPrice), before digits, and
// between words that are known (marketcap).
func wordsOf(name string) []word {
	var words []word
	leaf := 0
	for part := range strings.SplitSeq(name, ".") {
		if from := len(words); from > leaf {
			leaf = from
		}
		for _, text := range cut(part) {
			words = append(words, known(text)...)
		}
	}
	for i := range words[:leaf] {
		words[i].weight *= withinPath
	}
	return words
}

// cut cuts a part of a path where its writing shows where words end.
func cut(part string) []string {
	var texts []string
	letters := []rune(part)
	start := 0
	end := func(i int) {
		if i > start {
			texts = append(texts, strings.ToLower(string(letters[start:i])))
		}
		start = i
	}
	for i, r := range letters {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end(i)
			start = i + 1
		case i == start:
		case unicode.IsDigit(r) && unicode.IsLetter(letters[i-1]):
			end(i)
		case unicode.IsUpper(r) && unicode.IsLower(letters[i-1]):
			end(i)
		case unicode.IsUpper(r) && unicode.IsUpper(letters[i-1]) && i+1 < len(letters) && unicode.IsLower(letters[i+1]):
			end(i)
		}
	}
	end(len(letters))
	return texts
}

// known looks a text up, as one word or as several written in one.
func known(text string) []word {
	if w, ok := lookUp(text); ok {
		return []word{w}
	}
	if words := segment(text); words != nil {
		return words
	}
	return []word{{text: text, weight: otherWord}}
}

func lookUp(text string) (word, bool) {
	if n := len(text); n > 0 && text[0] >= '0' && text[0] <= '9' {
		number := strings.TrimRight(text, "hdwmy")
		return word{text: text, weight: usualWord, known: true, telling: true, exact: true},
			n-len(number) <= 1 && onlyDigits(number) == number
	}
	w, ok := vocabulary[text]
	return w, ok
}

// segment cuts a text that consists of known words, and returns nil for any other.
func segment(text string) []word {
	for n := len(text) - 1; n > 0; n-- {
		first, ok := lookUp(text[:n])
		if !ok {
			continue
		}
		rest := []word(nil)
		if w, ok := lookUp(text[n:]); ok {
			rest = []word{w}
		} else {
			rest = segment(text[n:])
		}
		if rest != nil {
			return append([]word{first}, rest...)
		}
	}
	return nil
}

func joined(words []word) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString(w.text)
	}
	return b.String()
}

func allKnown(words []word) bool {
	for _, w := range words {
		if !w.known {
			return false
		}
	}
	return true
}
