package csvfile

import "io/fs"

// measure adds up what there is to read. A file that cannot be found counts nothing.
func (r *reading) measure(names []string) {
	for _, name := range names {
		if info, err := fs.Stat(r.fsys, name); err == nil && !r.cursor.Files[name].covers(info) {
			r.all += info.Size()
		}
	}
}

// share is how much of it has been dealt with when a file is at some place, 0 to 1.
func (r *reading) share(at progress) float64 {
	if r.all == 0 {
		return 0
	}
	part := min(at.Offset, at.Size)
	if at.Done || at.Refused != "" {
		part = at.Size
	}
	return min(float64(r.done+part)/float64(r.all), 1)
}
