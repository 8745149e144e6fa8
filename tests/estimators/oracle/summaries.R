# Five-point laws with a given mean and share of fives, and exact SD bounds over all count vectors of small n.
# Run in this folder: Rscript summaries.R
suppressMessages(library(jsonlite))
pairs <- list(c(4.58, .751), c(4.52, .713), c(4.0, .4), c(3.5, .3), c(4.95, .97), c(2.5, .1))
laws <- lapply(pairs, function(x) {
  m <- x[1]; s <- x[2]; mu <- (m - 5 * s) / (1 - s)
  tilt <- function(t) { w <- exp(t * (1:4 - 2.5)); w / sum(w) }
  t <- uniroot(function(t) sum(1:4 * tilt(t)) - mu, c(-40, 40), tol = 1e-14)$root
  z <- qnorm(1 - s)
  cuts <- function(d) pnorm(z - (3:0) * d)
  d <- uniroot(function(d) 5 - sum(cuts(d)) - m, c(1e-9, 60), tol = 1e-14)$root
  list(mean = m, share = s, max_entropy = c((1 - s) * tilt(t), s), probit = c(diff(c(0, cuts(d))), s))
})
# every count vector of n people, everybody rating; figures printed with two decimals and to 0.1 %
bounds <- list()
for (n in c(4, 7, 12, 20)) {
  grid <- as.matrix(expand.grid(rep(list(0:n), 4)))
  grid <- grid[rowSums(grid) <= n, ]
  grid <- cbind(grid, n - rowSums(grid))
  total <- as.vector(grid %*% 1:5)
  variance <- (as.vector(grid %*% (1:5)^2) - total^2 / n) / (n - 1)
  for (x in list(c(4.25, .5), c(4.5, .75), c(4.57, .714), c(4.58, .75), c(3.5, .25), c(4.35, .6))) {
    fits <- abs(total / n - x[1]) <= .005 + 1e-9 & abs(grid[, 5] / n - x[2]) <= .0005 + 1e-9
    bounds[[length(bounds) + 1]] <- list(
      n = n, mean = x[1], share = x[2], count = sum(fits),
      sd = if (any(fits)) sqrt(range(variance[fits])) else c())
  }
}
write_json(list(
  provenance = list(script = "summaries.R", r = R.version.string, jsonlite = as.character(packageVersion("jsonlite")),
                    date = as.character(Sys.Date())),
  laws = laws, bounds = bounds), "summaries.json", digits = NA, auto_unbox = TRUE, pretty = TRUE)
