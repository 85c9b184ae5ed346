"""What a sentence of a rep means: numbers, money, dates, phones, and the two phrases they type."""
