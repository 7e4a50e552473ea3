"""Message templates: what an e-mail, an SMS or a push notification says, with Liquid in it."""
