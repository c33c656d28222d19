package ingest

// at returns the byte at i, and 0 behind the end.
func (w *walker) at(i int) byte {
	if i < len(w.data) {
		return w.data[i]
	}
	return 0
}

func (w *walker) space(i int) int {
	for i < len(w.data) {
		switch w.data[i] {
		case ' ', '\n', '\t', '\r':
			i++
		default:
			return i
		}
	}
	return i
}

// text goes behind the closing quote of a string.
func (w *walker) text(i int) (end int, escaped bool) {
	for data := w.data; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			return i + 1, escaped
		case c < ' ':
			return -1, false
		case c == '\\':
			escaped = true
			if i = w.escape(i + 1); i < 0 {
				return -1, false
			}
		}
	}
	return -1, false
}

// escape returns the index of the last byte of an escape.
func (w *walker) escape(i int) int {
	switch w.at(i) {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i
	case 'u':
		for range 4 {
			i++
			if c := w.at(i); (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
				return -1
			}
		}
		return i
	}
	return -1
}

func (w *walker) word(i int, word string) int {
	if end := i + len(word); end <= len(w.data) && string(w.data[i:end]) == word {
		return end
	}
	return -1
}

func (w *walker) number(i int) int {
	if w.at(i) == '-' {
		i++
	}
	if w.at(i) == '0' {
		i++
	} else if i = w.digits(i); i < 0 {
		return -1
	}
	if w.at(i) == '.' {
		if i = w.digits(i + 1); i < 0 {
			return -1
		}
	}
	if w.at(i)|0x20 != 'e' {
		return i
	}
	i++
	if c := w.at(i); c == '+' || c == '-' {
		i++
	}
	return w.digits(i)
}

// digits wants one at least.
func (w *walker) digits(i int) int {
	begin := i
	for i < len(w.data) && w.data[i] >= '0' && w.data[i] <= '9' {
		i++
	}
	if i == begin {
		return -1
	}
	return i
}
