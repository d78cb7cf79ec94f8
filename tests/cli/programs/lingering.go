// SPDX-License-Identifier: MIT

// As lingering.c, in a language whose runtime knows no libc.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

func linger(listener net.Listener) {
	var kept []net.Conn

	for i := 0; i < 3; i++ {
		connection, err := listener.Accept()
		must(err)
		kept = append(kept, connection)
	}
	for _, connection := range kept[:2] {
		_, err := io.Copy(io.Discard, connection)
		must(err)
	}
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	must(kept[2].Close())
}

func connectOnce(listener net.Listener) {
	word := make([]byte, 5)
	client, err := net.Dial("tcp", listener.Addr().String())
	must(err)
	served, err := listener.Accept()
	must(err)
	_, err = client.Write([]byte("words"))
	must(err)
	_, err = io.ReadFull(served, word)
	must(err)
	client.Close()
	served.Close()
	fmt.Println(string(word))
	fmt.Fprintf(os.Stderr, "other %s\n", word)
}

func main() {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	must(err)
	if len(os.Args) > 1 {
		connectOnce(listener)
	} else {
		fmt.Println("port", listener.Addr().(*net.TCPAddr).Port)
		linger(listener)
	}
	os.Exit(7)
}
