// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/symptom"
)

// A lineReader reads messages from JSON lines. Each good line comes back at
// once; bad ones are left out and told at the end, in one error.
type lineReader struct {
	catalog *catalog.Catalog
	name    string // of the input, for errors

	line     int // number of the current line
	good     int
	bad      int
	firstBad error
}

func (l *lineReader) run(in io.Reader, to io.Writer) error {
	lines := bufio.NewReaderSize(in, 64<<10)
	out := bufio.NewWriterSize(to, 64<<10)
	for {
		line, err := nextLine(lines)
		if errors.Is(err, io.EOF) {
			break
		}
		l.line++
		if err != nil && !errors.Is(err, errLong) {
			_ = out.Flush()
			return usage("reading %s, line %d: %w", l.name, l.line, err)
		}
		l.one(out, line, err)
		if lines.Buffered() == 0 { // whoever waits at a pipe's other end gets what there is
			if err := out.Flush(); err != nil {
				return fault(fmt.Errorf("writing the answer: %w", err))
			}
		}
	}
	if err := out.Flush(); err != nil {
		return fault(fmt.Errorf("writing the answer: %w", err))
	}
	return l.verdict()
}

// one reads a line, unless there was none to get (err), and writes what comes
// back for it.
func (l *lineReader) one(out *bufio.Writer, line []byte, err error) {
	if l.line == 1 {
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")) // a byte order mark is no JSON
	}
	if err == nil {
		if len(bytes.TrimSpace(line)) == 0 {
			return
		}
		err = l.answer(out, line)
	}
	if err == nil {
		l.good++
		return
	}
	if l.bad++; l.bad == 1 {
		l.firstBad = fmt.Errorf("reading %s, line %d: %w", l.name, l.line, err)
	}
}

func (l *lineReader) verdict() error {
	switch {
	case l.bad == 1:
		return usage("%w", l.firstBad)
	case l.bad > 1:
		return usage("%w (%d lines are bad)", l.firstBad, l.bad)
	case l.good == 0:
		return usage("reading %s: there is no line in it", l.name)
	}
	return nil
}

// A field of a JSON object, its value as it stands in the text.
type field struct {
	key   string
	value json.RawMessage
}

var errNoMessage = errors.New(`there is no "message" with a text in it`)

// answer writes the object with what its message says.
func (l *lineReader) answer(out *bufio.Writer, line []byte) error {
	fields, err := readObject(line)
	if err != nil {
		return err
	}
	var message *string
	kept := fields[:0]
	for _, f := range fields {
		switch f.key {
		case "message":
			if err := json.Unmarshal(f.value, &message); err != nil {
				return errNoMessage
			}
		case "cause", "alternatives", "symptom":
			continue // ours take their place
		}
		kept = append(kept, f)
	}
	if message == nil {
		return errNoMessage
	}
	r := report.Reading(l.catalog, symptom.Parse(*message))
	_ = out.WriteByte('{') // a bufio.Writer keeps its error until Flush
	for _, f := range kept {
		write(out, f.key, f.value)
		_ = out.WriteByte(',')
	}
	write(out, "cause", r.Cause)
	_ = out.WriteByte(',')
	write(out, "alternatives", r.Alternatives)
	_ = out.WriteByte(',')
	write(out, "symptom", r.Symptom)
	_, _ = out.WriteString("}\n")
	return nil
}

// write writes one field. Errors stay in the writer until it is flushed.
func write(out *bufio.Writer, key string, value any) {
	encode(out, key)
	_ = out.WriteByte(':')
	if raw, ok := value.(json.RawMessage); ok {
		_, _ = out.Write(raw)
		return
	}
	encode(out, value)
}

func encode(out *bufio.Writer, value any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err == nil { // strings and flat structs always encode
		_, _ = out.Write(bytes.TrimRight(b.Bytes(), "\n"))
	}
}

// readObject takes a JSON object apart, so that order, numbers and unknown
// fields come back as they were.
func readObject(line []byte) ([]field, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return nil, errors.New("it is no JSON object")
	}
	var fields []field
	for d.More() {
		token, err := d.Token()
		key, ok := token.(string)
		if err != nil || !ok {
			return nil, broken(d)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, broken(d)
		}
		fields = append(fields, field{key, value})
	}
	if _, err := d.Token(); err != nil {
		return nil, broken(d)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is something behind the JSON object")
	}
	return fields, nil
}

// broken says where a line stops being JSON, without quoting from it.
func broken(d *json.Decoder) error {
	return fmt.Errorf("it is no JSON object: broken behind byte %d", d.InputOffset())
}

// errLong is returned for a line that is longer than maxInput.
var errLong = errors.New("it is longer than 16 MiB")

// nextLine returns the next line without its end; with io.EOF nothing is left.
// Of a line that is too long nothing is kept.
func nextLine(lines *bufio.Reader) ([]byte, error) {
	const ends = len("\r\n")
	var line []byte
	some, long := false, false
	for {
		part, err := lines.ReadSlice('\n')
		some = some || len(part) > 0
		if long = long || len(line)+len(part) > maxInput+ends; long {
			line = nil
		} else {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !(errors.Is(err, io.EOF) && some):
			return nil, err
		}
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if long || len(line) > maxInput {
			return nil, errLong
		}
		return line, nil
	}
}
