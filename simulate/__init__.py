"""What chance does: populations, ratings, response, fieldwork effects and studies of whole designs."""
