// Package dossier tells a member what is held of them, and what of it an erasure has removed, with the proof.
package dossier
