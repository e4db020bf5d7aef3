"""What went over a wire, a real pump's or a virtual one's: recorded, understood, played again, compared."""
