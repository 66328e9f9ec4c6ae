"""Model servers that stand behind the guard in tests: a real one (ollama), and a scripted one."""
