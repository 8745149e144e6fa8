# Means, totals, ratios, quantiles, domains and design effects under six designs, by R survey.
# Run in this folder: Rscript designs.R
suppressMessages({library(survey); library(jsonlite)})
options(survey.lonely.psu = "fail")
set.seed(20201)
strata <- rep(c("a", "b", "c", "d"), times = c(5, 4, 6, 3))
size <- sample(4:9, 18, replace = TRUE)
people <- data.frame(h = rep(strata, size), psu = rep(1:18, size))
n <- nrow(people)
people$id <- seq_len(n)
effect <- rnorm(18, 0, .5)
latent <- 4.6 + effect[people$psu] + rnorm(n, 0, .8)
people$y <- pmin(5, pmax(1, round(latent)))
people$y[sample(n, 9)] <- NA
people$five <- as.numeric(people$y == 5)
people$x <- round(runif(n, 1, 4), 2)
people$age <- sample(18:80, n, replace = TRUE)
people$sex <- sample(c("f", "m"), n, replace = TRUE)
people$dom <- sample(c("u", "v", "w"), n, replace = TRUE, prob = c(.6, .3, .1))
people$w <- round(exp(rnorm(n, 3, .4)), 3)
people$n1 <- c(a = 9, b = 20, c = 30, d = 3)[people$h]   # stratum d is a census of PSUs
people$n2 <- (size + sample(1:6, 18, replace = TRUE))[people$psu]
people$zero <- 0
designs <- list(
  independent = svydesign(~1, weights = ~w, data = people),
  stratified = svydesign(~1, strata = ~h, weights = ~w, data = people),
  clustered = svydesign(~psu, weights = ~w, data = people),
  strat_cluster = svydesign(~psu, strata = ~h, weights = ~w, data = people),
  strat_cluster_fpc = svydesign(~psu, strata = ~h, weights = ~w, fpc = ~n1, data = people),
  two_stage = svydesign(~psu + id, strata = ~h + zero, weights = ~w, fpc = ~n1 + n2, data = people))
measure <- function(d) {
  rated <- subset(d, !is.na(y))
  m <- svymean(~y + five, rated, deff = TRUE)
  r <- svymean(~y + five, rated, deff = "replace")
  t <- svytotal(~y + x, rated)
  q <- svyratio(~y, ~x, rated)
  by <- svyby(~y, ~dom, rated, svymean, covmat = TRUE)
  qs <- svyquantile(~age, d, c(.1, .25, .5, .75), qrule = "math", interval.type = "mean")$age
  list(mean = unname(coef(m)), cov = unname(vcov(m)), deff = unname(deff(m)), deff_replace = unname(deff(r)),
       total = unname(coef(t)), total_se = unname(SE(t)), ratio = unname(c(coef(q))), ratio_se = unname(c(SE(q))),
       domain = unname(coef(by)), domain_cov = unname(vcov(by)), df = degf(d), df_rated = degf(rated),
       quantile = unname(qs[, 1]), quantile_low = unname(qs[, 2]), quantile_high = unname(qs[, 3]),
       quantile_se = unname(qs[, 4]))
}
lonely <- data.frame(h = c("a", "a", "a", "b", "c", "c", "d"), psu = 1:7, w = c(10, 12, 9, 20, 7, 8, 11),
                     y = c(5, 4, 3, 5, 2, 4, 1))
rules <- sapply(c("certainty", "adjust", "average", "remove"), function(rule) {
  options(survey.lonely.psu = rule)
  d <- svydesign(~psu, strata = ~h, weights = ~w, data = lonely)
  list(mean_se = c(SE(svymean(~y, d))), total_se = c(SE(svytotal(~y, d))))
}, simplify = FALSE)
made <- list(provenance = list(R = R.version.string, survey = as.character(packageVersion("survey")),
                               date = as.character(Sys.Date()), script = "designs.R"),
             people = people, results = lapply(designs, measure), lonely = lonely, rules = rules)
write_json(made, "designs.json", digits = I(17), auto_unbox = TRUE, dataframe = "columns", na = "null")
