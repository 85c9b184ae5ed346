"""DingTalk: vectors, recorded payloads, goldens, a fake platform."""
