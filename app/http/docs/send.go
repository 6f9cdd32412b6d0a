// Sends a text and waits until WhatsApp has it. API is the address of the api site; CA, CERT and KEY are files.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"
)

const messages = "/v1/accounts/main/messages"

type message struct {
	MessageID string `json:"message_id"`
	Status    string `json:"status"`
	Timeline  []struct {
		Status string `json:"status"`
	} `json:"timeline"`
}

func main() {
	client := clientWithCertificate()
	text := map[string]any{
		"to": os.Getenv("TO"), "type": "text", "text": map[string]string{"body": "Hello from Go"},
	}
	accepted := ask(client, http.MethodPost, messages, text)
	for {
		told := ask(client, http.MethodGet, messages+"/"+accepted.MessageID, nil)
		for _, step := range told.Timeline {
			if step.Status == "sent" {
				fmt.Println(accepted.MessageID)
				return
			}
		}
		switch told.Status {
		case "failed", "expired", "cancelled":
			log.Fatalf("%s is %s", accepted.MessageID, told.Status)
		}
		time.Sleep(time.Second)
	}
}

func clientWithCertificate() *http.Client {
	certificate, err := tls.LoadX509KeyPair(os.Getenv("CERT"), os.Getenv("KEY"))
	if err != nil {
		log.Fatal(err)
	}
	authority, err := os.ReadFile(os.Getenv("CA"))
	if err != nil {
		log.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	config := &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{certificate}}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config}, Timeout: 30 * time.Second}
}

func ask(client *http.Client, method, path string, body any) (told message) {
	var content io.Reader
	if body != nil {
		written, err := json.Marshal(body)
		if err != nil {
			log.Fatal(err)
		}
		content = bytes.NewReader(written)
	}
	request, err := http.NewRequest(method, os.Getenv("API")+path, content)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if body != nil {
		// The same key again gets the same answer, so that a lost answer can be asked for anew.
		request.Header.Set("Idempotency-Key", fmt.Sprintf("go-%d", time.Now().UnixNano()))
	}
	answer, err := client.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		log.Fatal(err)
	}
	if answer.StatusCode >= 300 {
		log.Fatalf("%d: %s", answer.StatusCode, text)
	}
	if err := json.Unmarshal(text, &told); err != nil {
		log.Fatal(err)
	}
	return told
}
