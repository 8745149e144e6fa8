# Jackknife, balanced half-samples, Fay and bootstrap on fixed replicate weights, by R survey.
# survey draws n - 1 PSUs only: the bootstraps of m = 2 and 1 are weighted here as in Rao, Wu & Yue (1992).
# Run in this folder after designs.R: Rscript replication.R
suppressMessages({library(survey); library(jsonlite)})
people <- as.data.frame(fromJSON("designs.json")$people)
people$y[is.na(people$y)] <- 4
people$five <- as.numeric(people$y == 5)
d <- svydesign(~psu, strata = ~h, weights = ~w, data = people)
finite <- svydesign(~psu, strata = ~h, weights = ~w, fpc = ~n1, data = people)
flat <- svydesign(~psu, weights = ~w, data = people)
paired <- subset(people, psu %in% unlist(tapply(people$psu, people$h, function(p) unique(p)[1:2])))
pairs <- svydesign(~psu, strata = ~h, weights = ~w, data = paired)
set.seed(20202)
reps <- list(JK1 = as.svrepdesign(flat, type = "JK1"), JKn = as.svrepdesign(d, type = "JKn"),
             JKn_fpc = as.svrepdesign(finite, type = "JKn"),
             BRR = as.svrepdesign(pairs, type = "BRR"), Fay = as.svrepdesign(pairs, type = "Fay", fay.rho = .3),
             rao_wu = as.svrepdesign(d, type = "subbootstrap", replicates = 40))
units <- lapply(split(people$psu, people$h), unique)
limit <- sapply(split(people$n1, people$h), `[`, 1)
set.seed(20204)
rescaled <- function(m, f) {
  draws <- lapply(units, function(u) matrix(sample(length(u), 40 * m, TRUE), 40))
  factor <- matrix(1, nrow(people), 40)
  for (h in names(units)) {
    n <- length(units[[h]])
    l <- sqrt(m * (1 - f[h]) / (n - 1))
    for (r in 1:40) {
      t <- tabulate(draws[[h]][r, ], n)
      here <- people$h == h
      factor[here, r] <- (1 - l + l * n / m * t)[match(people$psu[here], units[[h]])]
    }
  }
  list(draws = lapply(draws, function(x) x - 1), made = svrepdesign(data = people, weights = ~w, repweights = people$w * factor,
       combined.weights = TRUE, type = "other", scale = 1 / 40, rscales = rep(1, 40)))
}
none <- 0 * limit
fewer <- list(m2 = rescaled(2, none), m1 = rescaled(1, none), m2_fpc = rescaled(2, lengths(units) / limit))
measure <- function(x) lapply(list(mean = FALSE, estimate = TRUE), function(mse) {
  x$mse <- mse
  by <- svyby(~y, ~sex, x, svymean, covmat = TRUE)
  cells <- if (x$type != "BRR") svyby(~y + five, ~dom, x, svymean, covmat = TRUE)   # two half-samples lack a domain
  list(mean = c(coef(svymean(~y, x))), mean_se = c(SE(svymean(~y, x))), total_se = c(SE(svytotal(~y, x))),
       ratio_se = c(SE(svyratio(~y, ~x, x))), domain_cov = unname(vcov(by)),
       cell_cov = if (x$type != "BRR") unname(vcov(cells)))
})
again <- rake(reps$JKn, list(~sex), list(data.frame(sex = c("f", "m"), Freq = c(1300, 1100))))
parts <- function(x) list(weights = unname(as.matrix(weights(x, "analysis"))), scale = x$scale, rscales = unname(x$rscales))
out <- list(provenance = list(R = R.version.string, survey = as.character(packageVersion("survey")),
                              date = as.character(Sys.Date()), script = "replication.R"),
            pairs = paired$id, results = lapply(reps, measure), parts = lapply(reps, parts),
            fewer = lapply(fewer, function(x) list(draws = x$draws, results = measure(x$made))),
            recalibrated = measure(again), targets = list(f = 1300, m = 1100))
write_json(out, "replication.json", digits = I(17), auto_unbox = TRUE, na = "null")
