"""Plans of contracts as people enter and read them: the notation of commission/plan in words, forms and a picture."""
