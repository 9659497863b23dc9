package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// maxPasswordFile bounds a file with a password, in bytes, so that a wrong file is
// noticed.
const maxPasswordFile = 4096

// passwordFlags say where the password of an account comes from. It is never an
// argument: others could read those.
type passwordFlags struct {
	file     string
	generate bool
}

func (f *passwordFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.file, "password-file", "", "read the password from this file; - is standard input")
	c.Flags().BoolVar(&f.generate, "generate", false, "make a random password and print it, once")
	c.MarkFlagsMutuallyExclusive("password-file", "generate")
}

// newPassword obtains the password that an account is to get. made says that it
// is random and must be shown.
func (f *passwordFlags) newPassword(w world, account string) (password string, made bool, err error) {
	switch {
	case f.generate:
		password, err = generatePassword(rand.Reader)
		return password, true, err
	case f.file == "-":
		password, err = readPassword(w.stdin, "standard input")
	case f.file != "":
		password, err = readPasswordFile(f.file)
	default:
		password, err = askPassword(w, account)
	}
	return password, false, err
}

func readPasswordFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	defer file.Close()
	return readPassword(file, path)
}

// readPassword reads a password and the line end that editors put behind it.
func readPassword(r io.Reader, name string) (string, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxPasswordFile+1))
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	if len(data) > maxPasswordFile {
		return "", fmt.Errorf("read the password: %s is longer than %d bytes", name, maxPasswordFile)
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	return password, checkPassword(password)
}

// checkPassword refuses what no client could send.
func checkPassword(password string) error {
	switch {
	case password == "":
		return errors.New("the password is empty")
	case !utf8.ValidString(password):
		return errors.New("the password is not valid UTF-8")
	case strings.ContainsFunc(password, unicode.IsControl):
		return errors.New("the password holds control characters or several lines")
	}
	return nil
}

// askPassword asks twice on the terminal, without echo.
func askPassword(w world, account string) (string, error) {
	in, ok := w.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return "", &exitError{exitUsage, errors.New("no password: give --password-file FILE (- for standard input) or --generate, or run it on a terminal")}
	}
	ask := func(prompt string) (string, error) {
		fmt.Fprint(w.stderr, prompt)
		typed, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(w.stderr)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		return string(typed), nil
	}
	first, err := ask(fmt.Sprintf("New password of %s: ", account))
	if err != nil {
		return "", err
	}
	if err := checkPassword(first); err != nil {
		return "", err
	}
	again, err := ask("The same again: ")
	if err != nil {
		return "", err
	}
	if first != again {
		return "", errors.New("the two are not the same: nothing was changed")
	}
	return first, nil
}

// passwordAlphabet has 32 signs that look alike in no font; five bits each.
const passwordAlphabet = "abcdefghijkmnpqrstuvwxyz23456789"

// generatePassword makes a password of 120 random bits, in groups of four.
func generatePassword(random io.Reader) (string, error) {
	var raw [24]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("make a password: %w", err)
	}
	var b strings.Builder
	for i, r := range raw {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(passwordAlphabet[r%32])
	}
	return b.String(), nil
}
